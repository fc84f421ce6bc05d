export type { Fact, FactClass } from './fact.js';
export { Outbox, type Handler } from './outbox.js';
export { OutboxModule } from './outbox.module.js';
