// What `npm start` runs. Plain and old-fashioned JavaScript on purpose: it has
// to be read by a Node that is too old for everything else, and say so.
import { spawn } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

var OLDEST = [22, 18];
var SOURCES = ['src', 'simulators', 'launch', 'migrations', 'bench', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];
var root = dirname(dirname(fileURLToPath(import.meta.url)));
var entry = join(root, 'dist', 'launch', 'start.js');
var stamp = join(root, 'dist', '.stamp');

function fail(lines) {
  lines.forEach(function (line) {
    console.error(line);
  });
  process.exit(1);
}

function checkNode() {
  var version = process.versions.node.split('.').map(Number);
  if (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1])) return;
  fail([
    '百聊需要 Node.js ' + OLDEST.join('.') + ' 或更高版本，当前是 ' + process.versions.node + '：请先运行 npm ci，再用 npm start 启动（npm ci 会带来 Node.js 24）。',
    'Bailiao needs Node.js ' + OLDEST.join('.') + ' or newer, this is ' + process.versions.node + ': run npm ci, then npm start (npm ci brings Node.js 24 along).',
  ]);
}

/** Files in a fixed order, so that the same sources give the same digest. */
function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().reduce(function (files, name) {
    return files.concat(filesOf(join(path, name)));
  }, []);
}

function digestOfSources() {
  var hash = createHash('sha256');
  SOURCES.forEach(function (source) {
    filesOf(join(root, source)).forEach(function (file) {
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
    });
  });
  return hash.digest('hex');
}

/** Compiles when the sources changed since the last build. A folder that holds only a build (an image) is run as it is. */
function build() {
  if (!existsSync(join(root, 'src'))) return Promise.resolve();
  var digest = digestOfSources();
  if (existsSync(entry) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return Promise.resolve();
  var nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  if (!existsSync(nest)) {
    if (existsSync(entry)) return Promise.resolve();
    fail(['还没有安装依赖：请先运行 npm ci。', 'The dependencies are missing: run npm ci first.']);
  }
  console.log('  … 编译 building');
  var begin = Date.now();
  return new Promise(function (resolve) {
    var output = '';
    var child = spawn(process.execPath, [nest, 'build'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    function keep(chunk) {
      output = (output + chunk).slice(-8000);
    }
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', function (error) {
      fail(['编译失败：' + error.message, 'The build failed: ' + error.message]);
    });
    child.on('close', function (code, signal) {
      if (signal) process.exit(130);
      if (code !== 0) fail([output.trim(), '', '编译失败，原因见上。', 'The build failed; see above.']);
      writeFileSync(stamp, digest);
      console.log('  ✓ 编译 build' + ' '.repeat(53) + ((Date.now() - begin) / 1000).toFixed(1) + ' s');
      resolve();
    });
  });
}

checkNode();
build()
  .then(function () {
    return import(pathToFileURL(entry).href);
  })
  .then(function (launch) {
    return launch.main(root);
  })
  .catch(function (error) {
    fail([error && error.stack ? error.stack : String(error)]);
  });
