import { ConversationEntity } from './conversations/conversation.entity.js';
import { MessageEntity } from './messages/message.entity.js';
import { RunEntity } from './run/run.entity.js';

export { ChatModule } from './chat.module.js';
export { CostReportService } from './costs/cost-report.service.js';
export { COST_GROUPINGS, type CostGrouping, type CostLine, type CostQuery } from './costs/cost-report.js';
export { ConversationService } from './conversations/conversation.service.js';
export { LabelFreeService } from './labels/label-free.service.js';
export type { DeliveryFilter, LabelFreeDelivery } from './labels/label-log.repository.js';
export type { ReadyAnswer, ReadyAnswerDraft } from './ready/ready-answer.js';
export { ReadyAnswerService } from './ready/ready-answer.service.js';
export { RunControlService } from './run/run-control.service.js';

/** For the data source. */
export const CHAT_ENTITIES = [ConversationEntity, MessageEntity, RunEntity];
