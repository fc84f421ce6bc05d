export type { Fact, FactClass } from './fact.js';
export { NotYet, Outbox, type Handler } from './outbox.js';
export { OutboxModule } from './outbox.module.js';
