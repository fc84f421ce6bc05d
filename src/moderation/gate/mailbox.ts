/** Letters from several senders to one reader, in the order in which they came. Its bound is its senders': each has few letters under way. */
export class Mailbox<Letter> {
  private readonly letters: Letter[] = [];
  private wake: (() => void) | undefined;

  put(letter: Letter): void {
    this.letters.push(letter);
    this.wake?.();
  }

  async take(): Promise<Letter> {
    for (;;) {
      const letter = this.letters.shift();
      if (letter !== undefined) return letter;
      await new Promise<void>((resolve) => { this.wake = resolve; });
    }
  }
}
