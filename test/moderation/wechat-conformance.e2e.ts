import { describe } from 'vitest';
import { itIsAChecker, type CheckerBench } from '../kit/checker.conformance.js';
import { Ground, PASSES } from '../kit/wechat-layer.js';
import type { StandInCall } from '../kit/wechat-stand-in.js';

const OFFENCE = '违法测试';
const judged = ({ body }: StandInCall): object => (String(body.content).includes(OFFENCE) ? { ...PASSES, result: { suggest: 'risky', label: 20006 }, detail: [{ strategy: 'content_model', errcode: 0, suggest: 'risky', label: 20006, prob: 91 }] } : PASSES);

/** WeChat with one node. Quotas are tested beside the budget: after one nobody asks for a while, healed or not. */
async function open(): Promise<CheckerBench> {
  const ground = await Ground.open();
  await ground.redis.flushdb();
  const { wechat } = ground;
  const { checker } = await ground.node();
  const answers = (answer: typeof wechat.onCheck) => async (): Promise<void> => {
    wechat.onCheck = answer;
  };
  const heal = answers(judged);
  await heal();
  const faults = [
    { name: '-1', failures: ['busy'], begin: answers(() => ({ errcode: -1, errmsg: 'system error' })) },
    { name: 'HTML', failures: ['unreachable'], begin: answers((_, response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>')) },
    { name: 'HTML for an answer', failures: ['malformed'], begin: answers((_, response) => void response.end('<html>welcome</html>')) },
    { name: 'cut before the answer', failures: ['unreachable'], begin: answers((_, response) => void response.destroy()) },
    { name: 'cut within the answer', failures: ['unreachable', 'malformed'], begin: answers((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{"errcode":0', () => response.destroy())) },
    { name: 'no result', failures: ['malformed'], begin: answers(() => ({ errcode: 0, errmsg: 'ok' })) },
    { name: 'no rights', failures: ['credentials'], begin: answers(() => ({ errcode: 48001, errmsg: 'api unauthorized' })) },
    { name: 'token refused', failures: ['credentials'], begin: answers(() => ({ errcode: 40001, errmsg: 'invalid credential' })) },
  ] as const;
  return {
    checker, subject: { ctx: ground.user(), stage: 'input', thresholds: {} }, offence: OFFENCE, longest: 2_500,
    hang: answers(() => undefined), faults, heal, close: () => ground.close(),
  };
}

describe('WeChat as a checker', () => {
  itIsAChecker(open);
});
