import type { LoadNews, LoadPlan } from './plan.js';
import { runLoad } from './run-load.js';

/** The load generator, a process of its own: takes plans over IPC, one at a time, and gives their results. Ends with its parent. */
const tell = (news: LoadNews): void => {
  process.send?.(news);
};

process.on('message', (plan: LoadPlan) => {
  void runLoad(plan, () => tell({ kind: 'all-open' })).then((result) => tell({ kind: 'result', result }));
});
process.on('disconnect', () => process.exit(0));
