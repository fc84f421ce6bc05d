import { open, rename, rm, type FileHandle } from 'node:fs/promises';

/** A file that appears under its name only when it is whole: written beside it, flushed to the disk, then renamed. */
export class OutputFile {
  private constructor(private readonly path: string, private readonly partial: string, private readonly file: FileHandle) {}

  /** @throws the file system's error, also when another run is writing the same file. */
  static async create(path: string): Promise<OutputFile> {
    const partial = `${path}.part-${process.pid}`;
    return new OutputFile(path, partial, await open(partial, 'wx'));
  }

  async write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) done += (await this.file.write(bytes, done)).bytesWritten;
  }

  /** The file is whole. */
  async finish(): Promise<void> {
    await this.file.sync();
    await this.file.close();
    await rename(this.partial, this.path);
  }

  /** Nothing of it stays. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.partial, { force: true });
  }
}
