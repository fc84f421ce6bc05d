/** A file that is no GGUF model that could be served; the message says what is wrong with it, in words for its owner. */
export class GgufError extends Error {
  override readonly name = 'GgufError';
}

/** The bytes at hand end before the header does: more of the file is needed, if there is more. */
export class HeaderCutShort extends GgufError {
  constructor() {
    super('the file ends inside its header');
  }
}
