import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedXml, cdata, readXml } from './xml.js';

describe('readXml', () => {
  it('reads texts, CDATA, blanks between elements, elements in elements and lists', () => {
    const text = `\n<xml>
      <ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1482048670</CreateTime>
      <Empty></Empty><EmptyToo><![CDATA[]]></EmptyToo><Plain>a &lt;b&gt; &amp;&quot;&apos;</Plain>
      <result><suggest><![CDATA[risky]]></suggest><label>20001</label></result>
      <detail><errcode>0</errcode></detail><detail><errcode>-1</errcode></detail><detail><errcode>2</errcode></detail>
    </xml>\n`;
    expect(readXml(text)).toEqual({
      ToUserName: 'gh_1', CreateTime: '1482048670', Empty: '', EmptyToo: '', Plain: `a <b> &"'`,
      result: { suggest: 'risky', label: '20001' }, detail: [{ errcode: '0' }, { errcode: '-1' }, { errcode: '2' }],
    });
  });

  it('gives back any text that was written as CDATA', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(']]>', 'a]]>b]]>', ']]]]>>', '<![CDATA[', '</a>')), (text) => {
      expect(readXml(`<xml><a>${cdata(text)}</a></xml>`)).toEqual({ a: text });
    }));
  });

  it.each([
    ['', '<xml>', '<xml></xml', '<xml></xml>x', '<xml></xml><xml></xml>', '<yml></yml>', '<xml><a></xml></a>', '<xml><a>1</b></xml>', '<xml>&unknown;</xml>', '<xml>&#65;</xml>', '<xml>&amp</xml>'],
    ['<?xml version="1.0"?><xml></xml>', '<!DOCTYPE xml [<!ENTITY e "x">]><xml>&e;</xml>', '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml></xml>', '<xml a="b"></xml>', '<xml><!-- c --></xml>', '<xml><a/></xml>', '<xml><a>text<b>1</b></a></xml>', '<xml><![CDATA[x</xml>'],
    [`${'<xml>'.repeat(2_000)}${'</xml>'.repeat(2_000)}`, `<xml>${'<a>1</a>'.repeat(600)}</xml>`, `<xml><a${'b'.repeat(80)}>1</a${'b'.repeat(80)}></xml>`],
  ].flat())('refuses %j', (text) => {
    expect(() => readXml(text)).toThrow(MalformedXml);
  });

  it('makes no prototype of an element', () => {
    const found = readXml('<xml><__proto__><polluted>1</polluted></__proto__><constructor>2</constructor></xml>');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(found)).toEqual(['__proto__', 'constructor']);
  });

  it('refuses or reads whatever comes, in a time that grows with its length alone', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('<xml>', '</xml>', '<a>', '</a>', '<![CDATA[', ']]>', '&', 'lt;', ' ', 'x', '<', '>'), { maxLength: 300 }), (parts) => {
      try {
        readXml(parts.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedXml);
      }
    }));
    for (const hostile of [`<xml>${'&'.repeat(60_000)}</xml>`, `<xml>${' '.repeat(60_000)}x`, `<xml>${'<![CDATA['.repeat(7_000)}</xml>`, `<xml><a>${']]>'.repeat(20_000)}</a></xml>`]) {
      const began = performance.now();
      try {
        readXml(hostile);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedXml);
      }
      expect(performance.now() - began).toBeLessThan(500);
    }
  });
});
