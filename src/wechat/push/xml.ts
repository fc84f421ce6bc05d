/** An element of WeChat's XML: a text, the elements in it, or a list where a name occurs again. */
export type XmlValue = string | XmlElement | readonly (string | XmlElement)[];
export interface XmlElement {
  readonly [name: string]: XmlValue;
}

/** The text is not XML as WeChat writes it. */
export class MalformedXml extends Error {
  override readonly name = 'MalformedXml';
}

const DEEPEST = 6;
const MOST_ELEMENTS = 500;
const OPEN = /\s*<([A-Za-z_]\w{0,63})>/y;
const CLOSE = /\s*<\/([A-Za-z_]\w{0,63})>/y;
const CDATA = /\s*<!\[CDATA\[([^]*?)\]\]>\s*/y;
const TEXT = /[^<]*/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads `<xml>…</xml>` as WeChat's pushes have it: elements, texts, CDATA. Everything else that XML can do
 * (declarations, entities of one's own, attributes, comments) has no business there and is refused.
 * @throws MalformedXml
 */
export function readXml(text: string): XmlElement {
  const reader = new Reader(text);
  const root = reader.open();
  if (root !== 'xml') throw new MalformedXml('the root is not <xml>');
  const value = reader.content(root, 1);
  reader.end();
  return typeof value === 'string' ? {} : value;
}

/** A text as CDATA, also one that contains its end. */
export function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

class Reader {
  private at = 0;
  private elements = 0;

  constructor(private readonly text: string) {}

  open(): string | undefined {
    return this.take(OPEN)?.[1];
  }

  /** What stands before the end of the element `name`. */
  content(name: string, depth: number): string | XmlElement {
    this.elements += 1;
    if (depth > DEEPEST || this.elements > MOST_ELEMENTS) throw new MalformedXml('too many elements');
    const children = Object.create(null) as Record<string, XmlValue>;
    let isLeaf = true;
    for (let child = this.open(); child !== undefined; child = this.open()) {
      isLeaf = false;
      add(children, child, this.content(child, depth + 1));
    }
    const value = isLeaf ? this.leaf() : children;
    if (this.take(CLOSE)?.[1] !== name) throw new MalformedXml('an element has no end');
    return value;
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') throw new MalformedXml('something follows the end');
  }

  private leaf(): string {
    let parts = '';
    let found = this.take(CDATA);
    if (found === undefined) return plainText(this.take(TEXT)?.[0] ?? '');
    for (; found !== undefined; found = this.take(CDATA)) parts += found[1] ?? '';
    return parts;
  }

  private take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.at;
    const found = form.exec(this.text);
    if (found === null) return undefined;
    this.at = form.lastIndex;
    return found;
  }
}

function add(children: Record<string, XmlValue>, name: string, value: string | XmlElement): void {
  const before = children[name];
  if (before === undefined) children[name] = value;
  else children[name] = isList(before) ? [...before, value] : [before, value];
}

function isList(value: XmlValue): value is readonly (string | XmlElement)[] {
  return Array.isArray(value);
}

/** The five entities that every XML has; no other one is known here, and none expands. */
function plainText(text: string): string {
  return text.replace(/&([^;]*)(;?)/g, (_, name: string, end: string) => {
    const character = end === ';' && Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (character === undefined) throw new MalformedXml('an unknown entity');
    return character;
  });
}
