/** The command line was not understood; the message shows how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs a program to its exit code: 0, 1 for what its user can mend (one sentence), 2 for a wrong command line; anything else is a bug and keeps its stack. */
export async function runProgram(main: () => Promise<void>, isForUser: (error: unknown) => boolean): Promise<void> {
  try {
    await main();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')) {
      console.error(error instanceof UsageError ? `usage: ${error.message}` : (error as Error).message);
      process.exitCode = 2;
      return;
    }
    if (!isForUser(error) && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
