/** A call to a control endpoint that cannot be meant; the message names the field. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
