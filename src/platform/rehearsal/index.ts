export { RehearsalModule } from './rehearsal.module.js';
export { Stage, type Players } from './stage.js';
