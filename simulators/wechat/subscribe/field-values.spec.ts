import { describe, expect, it } from 'vitest';
import { faultOf, isFieldName } from './field-values.js';

describe('the values of a subscribe message', () => {
  it.each([
    ['thing1', ['二十个字'.repeat(5), 'a b-1！', '😀'.repeat(20)], ['二十个字'.repeat(5) + '多']],
    ['number2', ['12', '3.50', '9'.repeat(32), 42], ['1,000', '9'.repeat(33), '一']],
    ['letter3', ['abcXYZ'], ['a1', 'a'.repeat(33)]],
    ['symbol4', ['!?'], ['!!!!!!', 'a']],
    ['character_string5', ['VP-2026_01|x', 'a'.repeat(32)], ['订单1', 'a'.repeat(33)]],
    ['time6', ['15:01', '2026年11月20日 15:01', '2026-11-20 15:01:30', '9:00~10:00'], ['25:00', '2026年11月20日', '今天']],
    ['date7', ['2026年11月20日', '2026/11/20', '2026年11月20日 15:01'], ['15:01', '2026/11-20']],
    ['amount8', ['¥19.90', '￥100', '100元', '19.9'], ['¥¥1', '12345678901', '一百元', 'CNY1']],
    ['phone_number9', ['+86-0766-66888866'], ['+86-0766-668888661', '电话']],
    ['car_number10', ['粤A8Z888挂'], ['粤A8Z8888挂挂']],
    ['name11', ['欧阳小兰', 'Xiaolan Ouyang'], ['一二三四五六七八九十一', 'a'.repeat(21)]],
    ['phrase12', ['已完成'], ['已经完成了吗', 'done']],
  ])('%s may be %j and not %j', (name, good, bad) => {
    expect(good.filter((value) => faultOf(name, value) !== undefined)).toEqual([]);
    expect(bad.filter((value) => faultOf(name, value) !== `data.${name}.value invalid`)).toEqual([]);
  });

  it('may not be empty or of another type', () => {
    expect([undefined, null, '', {}, true].map((value) => faultOf('thing1', value))).toEqual(['data.thing1.value is empty', 'data.thing1.value is empty', 'data.thing1.value is empty', 'data.thing1.value invalid', 'data.thing1.value invalid']);
  });

  it('stand in fields named by kind and number', () => {
    expect(['thing1', 'character_string02', 'thing', 'thing123', 'things1', '1', 'constructor1', 7].map(isFieldName)).toEqual([true, true, false, false, false, false, false, false]);
  });
});
