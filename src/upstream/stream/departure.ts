import type { Dispatcher } from 'undici';

/** Whether a request was begun to be written: until then its upstream knows nothing of it, afterwards it may have read all of it. */
export class Departure {
  sent = false;
}

/**
 * For a dispatcher's `compose`: tells the `Departure` that a request has as its `opaque` when there is a connection for
 * it (beyond proxy and TLS) and undici begins to write. The error codes of a failure would not tell: a reset has the
 * same one in a handshake and after the last byte of the request.
 */
export const noteDeparture: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { opaque } = options as { readonly opaque?: unknown };
  if (opaque instanceof Departure) {
    const begin = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      opaque.sent = true;
      begin?.(controller, context);
    };
  }
  return dispatch(options, handler);
};
