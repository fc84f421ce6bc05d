export { chinaTime } from './china-time.js';
export { delay, now, nowDate } from './clock.js';
export { decimalOf, isDecimal, product, roundHalfUp, type Decimal } from './decimal.js';
export { ID, isId, newId, timeOfId } from './ids.js';
export { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.js';
export { exactNumber, integerJson, integerOf, type Credits, type Fen, type MicroCny } from './money.js';
export { within } from './within.js';
