import { Agent, createServer, request } from 'node:http';

/** The thinnest pass-through streaming proxy on node:http: what any platform costs at least. `node baseline.js <upstream origin>`; prints its address. */
const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: 4096 });

const server = createServer((from, to) => {
  const forward = request(new URL(from.url ?? '/', upstream), { method: from.method, headers: { ...from.headers, host: upstream.host }, agent }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  forward.on('error', () => to.destroy());
  to.on('close', () => forward.destroy());
  from.pipe(forward);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` }));
});
process.once('SIGTERM', () => process.exit(0));
