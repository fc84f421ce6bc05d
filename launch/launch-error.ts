/**
 * What stops a start, in one sentence a newcomer can act on. Chinese first;
 * `details` are at most a few lines of a server's own log. It is shown without
 * a stack: everything that is not a LaunchError is a fault of ours.
 */
export class LaunchError extends Error {
  constructor(
    readonly zh: string,
    readonly en: string,
    readonly details: readonly string[] = [],
  ) {
    super(en);
    this.name = 'LaunchError';
  }
}
