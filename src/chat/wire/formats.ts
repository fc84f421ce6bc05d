import { openaiFormat } from './openai.js';
import { sseFormat } from './sse.js';
import type { WireFormat, WireName } from './wire.js';
import { wxappFormat } from './wxapp.js';

/** Every wire format by its name. */
export const WIRE_FORMATS: Readonly<Record<WireName, WireFormat>> = Object.freeze({
  openai: openaiFormat,
  sse: sseFormat,
  wxapp: wxappFormat,
});
