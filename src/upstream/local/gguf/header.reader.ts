import { open, type FileHandle } from 'node:fs/promises';
import { checkModel } from './check.js';
import { GgufError, HeaderCutShort } from './gguf-error.js';
import { parseHeader, type GgufHeader } from './header.js';

const FIRST_READ = 1024 * 1024;
/** A vocabulary of 262,144 tokens with its merges takes about 15 MB. */
const LONGEST_HEADER = 128 * 1024 * 1024;

/**
 * Reads the header of an open file, more of it as needed.
 * @throws GgufError when it has none; the file system's error.
 */
export async function readHeader(file: FileHandle): Promise<{ readonly header: GgufHeader; readonly fileBytes: number }> {
  const fileBytes = (await file.stat()).size;
  for (let size = FIRST_READ; ; size *= 4) {
    const bytes = Buffer.alloc(Math.min(size, fileBytes, LONGEST_HEADER));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    try {
      return { header: parseHeader(bytes.subarray(0, bytesRead)), fileBytes };
    } catch (error) {
      if (!(error instanceof HeaderCutShort) || size >= fileBytes) throw error;
      if (size >= LONGEST_HEADER) throw new GgufError(`the header is longer than ${LONGEST_HEADER} bytes`);
    }
  }
}

/**
 * Reads a model's header and refuses a file that the engine could not load.
 * @throws GgufError with what is wrong, also when there is no such file.
 */
export async function readCheckedHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new GgufError(`the file can't be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  });
  try {
    if (!(await file.stat()).isFile()) throw new GgufError('not a file');
    const { header, fileBytes } = await readHeader(file);
    checkModel(header, fileBytes);
    return header;
  } finally {
    await file.close();
  }
}
