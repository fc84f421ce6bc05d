import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { DomainError } from '../errors/index.js';

/** Checks bodies and queries against their DTO classes; what is not declared is refused. */
export function makeValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => {
      const { param, message } = firstFault(errors, '');
      return new DomainError('invalid_request', { param, message });
    },
  });
}

function firstFault(errors: readonly ValidationError[], prefix: string): { param: string; message: string } {
  const error = errors[0];
  if (error === undefined) return { param: 'body', message: 'the request is not valid' };
  const param = pathOf(prefix, error.property);
  const constraint = Object.entries(error.constraints ?? {})[0];
  if (constraint === undefined) return firstFault(error.children ?? [], param);
  const [kind, text] = constraint;
  if (kind === 'whitelistValidation') return { param, message: `${param} is not a field of this request` };
  return { param, message: text.startsWith(error.property) ? param + text.slice(error.property.length) : text };
}

function pathOf(prefix: string, property: string): string {
  const safe = property.replace(/[^\w.-]/g, '?').slice(0, 60);
  if (prefix === '') return safe;
  return /^\d+$/.test(safe) ? `${prefix}[${safe}]` : `${prefix}.${safe}`;
}
