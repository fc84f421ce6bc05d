import { SetMetadata, type CustomDecorator } from '@nestjs/common';

/** Metadata key of who may call a route. A route without it is closed. */
export const ACCESS = 'bailiao:access';

/** Anybody may call the route; it gets no context. */
export function Public(): CustomDecorator {
  return SetMetadata(ACCESS, { kind: 'public' });
}
