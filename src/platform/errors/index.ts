export { ERROR_CATALOGUE, ERROR_CODES, type ErrorCode, type ErrorDefinition } from './catalogue.js';
export { DomainError, type DomainErrorDetail } from './domain-error.js';
export { errorBody, type ErrorBody } from './error-body.js';
export { asDomainError, isAway } from './infrastructure.js';
