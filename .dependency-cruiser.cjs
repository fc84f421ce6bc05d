// The walls of the house (docs/architecture.md). Every rule is an error.
const FLOORS = [['platform'], ['wechat'], ['tenants'], ['identity'], ['moderation', 'billing', 'upstream'], ['chat'], ['admin', 'webhooks']];

/** A room may enter rooms of lower floors only: never its own floor, never a higher one. */
const downstairsOnly = FLOORS.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const forbidden = FLOORS.slice(floor).flat().filter((other) => other !== room);
    return {
      name: 'downstairs-only',
      severity: 'error',
      comment: `${room} may use only rooms on lower floors.`,
      from: { path: `^src/${room}/` },
      to: { path: forbidden.length ? `^src/(${forbidden.join('|')})/` : '^$', pathNot: forbidden.length ? '' : '.*' },
    };
  }),
).map((rule) => (rule.to.pathNot === '' ? { ...rule, to: { path: rule.to.path } } : rule));

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...downstairsOnly,
    {
      name: 'through-the-door',
      severity: 'error',
      comment: 'Another room is entered by its index.ts only.',
      from: { path: '^src/([^/]+)/', pathNot: '^src/platform/' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/platform/[^/]+/index\\.ts$'] },
    },
    {
      name: 'through-the-door-composition',
      severity: 'error',
      comment: 'Composition, too, enters rooms by their doors.',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/[^/]+/index\\.ts$', '^src/platform/[^/]+/index\\.ts$'] },
    },
    {
      name: 'platform-sub-doors',
      severity: 'error',
      comment: 'Parts of the platform meet through their own doors.',
      from: { path: '^src/platform/([^/]+)/' },
      to: { path: '^src/platform/([^/]+)/', pathNot: ['^src/platform/$1/', '^src/platform/[^/]+/index\\.ts$'] },
    },
    {
      name: 'never-through-own-door',
      severity: 'error',
      comment: 'Files of a room never import its own index.ts.',
      from: { path: '^src/([^/]+)/', pathNot: '^src/platform/' },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'never-through-own-sub-door',
      severity: 'error',
      from: { path: '^src/platform/([^/]+)/' },
      to: { path: '^src/platform/$1/index\\.ts$' },
    },
    {
      name: 'pure-stays-pure',
      severity: 'error',
      comment: 'A file without a suffix above the platform holds values and rules: no framework, no I/O.',
      from: { path: '^src/(?!platform/)[^/]+/.*/[a-z0-9-]+\\.ts$', pathNot: '/index\\.ts$' },
      to: { path: ['node_modules/(@nestjs|typeorm|ioredis|bullmq|fastify|pg)/', '^(node:)?(fs|http|https|net|child_process)(/|$)'] },
    },
    {
      name: 'entities-stay-home',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.repository\\.ts$', '\\.entity\\.ts$', '/entities\\.ts$', '\\.module\\.ts$', '/index\\.ts$', '^src/[^/]+\\.ts$'] },
      to: { path: '\\.entity\\.ts$' },
    },
    {
      name: 'thin-edge',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.(repository|entity)\\.ts$' },
    },
    { name: 'wechat-knows-no-tenant', severity: 'error', from: { path: '^src/wechat/' }, to: { path: ['^src/(?!wechat/|platform/)', 'node_modules/typeorm/'] } },
    { name: 'simulators-know-nothing', severity: 'error', from: { path: '^simulators/' }, to: { path: '^(src|launch|test|bench|migrations)/' } },
    { name: 'nobody-knows-simulators', severity: 'error', from: { path: '^src/' }, to: { path: '^(simulators|launch|test|bench|models|engines)/', pathNot: '^test/kit/' } },
    { name: 'only-specs-know-the-kit', severity: 'error', from: { path: '^src/', pathNot: '\\.spec\\.ts$' }, to: { path: '^test/kit/' } },
    { name: 'e2e-talks-http', severity: 'error', from: { path: '^test/(e2e|faults)/' }, to: { path: '^(src|launch|simulators|bench|migrations)/' } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/(main|migrate|audit|rotate-keys)\\.ts$', '\\.spec\\.ts$', '\\.e2e\\.ts$', '\\.d\\.ts$', '^test/kit/', '^(launch|bench|simulators|models)/[^/]+\\.ts$'] },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.json'] },
  },
};
