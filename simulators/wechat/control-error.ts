/** A call to a control endpoint that cannot be meant; the message names the field. */
export class ControlError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}
