export { Answers, ErrorBodyDto } from './answers.decorator.js';
export { ErrorFilter, sendError } from './error.filter.js';
export { BODY_LIMIT } from './json-body.js';
export { localeOf } from './locale.js';
export { PageQuery } from './page.dto.js';
export { observeRequests } from './request-log.js';
export { makeAdapter } from './server.js';
export { makeValidationPipe } from './validation.pipe.js';
