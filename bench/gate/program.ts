import { Interrupted, listenForInterrupts } from '../../launch/interrupts.js';
import { LaunchError } from '../../launch/launch-error.js';

/** No run takes longer; one that does hangs. */
const LONGEST_MS = 20 * 60_000;

/** Runs a bench as a program: ends by itself, on Ctrl-C in order, with 1 when something did not hold and 2 when it could not be run. */
export async function runProgram(main: (signal: AbortSignal) => Promise<boolean>): Promise<never> {
  const interrupts = listenForInterrupts(() => process.exit(130));
  try {
    process.exitCode = (await main(AbortSignal.any([interrupts.stop, AbortSignal.timeout(LONGEST_MS)]))) ? 0 : 1;
  } catch (error) {
    if (error instanceof LaunchError) console.error([error.en, ...error.details].join('\n'));
    else if (!(error instanceof Interrupted)) console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 2;
  }
  process.exit();
}
