/** What each mistake is answered with: the code, the whole sentence, and the part that the carets stand under (between » and «). */
import { describe, expect, it } from 'vitest';
import { DYNAMIC, refusal } from './language-support.ts';

const FIELDS = 'id, flag, i8, i16, i32, i64, f32, f64, name, title, meta, tags, nums, bigs';

const SYNTAX: readonly (readonly [string, string])[] = [
  ['i8 > »«', 'expected a value, got the end of the text'],
  ['i8 > »and« i16', 'expected a value, got "and"'],
  ['»or« i8', 'expected a value, got "or"'],
  ['»)«', 'expected a value, got ")"'],
  ['(i8 == 1»«', 'expected ")", got the end of the text'],
  ['i8 == 1»)«', 'expected an operator or the end of the text, got ")"'],
  ['i8 »=« 1', 'expected "==", got "="'],
  ['i8 <»>« 1', 'expected a value, got ">"'],
  ['i8 == 1 »;« i16', 'expected a value, a name or an operator, got ";"'],
  ['i8 == 1 »i16« == 2', 'expected an operator or the end of the text, got "i16"'],
  ['i8 == 1 »And« i16 == 2', 'expected an operator, got "And"; words of the language are written in lower or in upper case: and or AND'],
  ['i8 »not« 3', 'expected an operator, got "not"; behind a value it stands only before in, like and between'],
  ['meta».«a == 1', 'expected an operator, got "."; what lies in JSON is written in brackets: meta["a"]["b"]'],
  ['meta[»-«1] == 1', 'expected a key in quotes or a position from 0, got "-"'],
  ['meta[»1.5«] == 1', 'expected a key in quotes or a position from 0, got 1.5'],
  ['meta[»9999999999«] == 1', 'expected a key in quotes or a position from 0, got 9999999999'],
  ['meta["a"»)« == 1', 'expected "]", got ")"'],
  ['i8 == »null«', 'null is no value to compare with; write "is null" or "is not null"'],
  ['name is »«', 'expected "null" or "not null", got the end of the text'],
  ['name is not »3«', 'expected "null", got 3'],
  ['i8 between 1 »or« 2', 'expected "and" and the upper bound, got "or"'],
  ['i8 in [1, 2»«', 'expected "," or "]", got the end of the text'],
  ['i8 in [1 »2«]', 'expected "," or "]", got 2'],
  ['i8 in [»,«]', 'expected a value, got ","'],
  ['i8 == {»1«}', 'expected the name of a template, got 1'],
  ['i8 == {a»«', 'expected "}", got the end of the text'],
  ['»near«(1)', 'there is no function "near"; the functions are array_contains, array_contains_all, array_contains_any, json_contains, json_contains_all, json_contains_any, array_length, random_sample'],
  ['array_contains(tags»)«', 'array_contains takes 2 arguments, got 1'],
  ['array_length(»)« == 1', 'array_length takes 1 argument, got 0'],
  ['array_contains(tags, "a", »"b"«)', 'array_contains takes 2 arguments, got more'],
  ['array_contains(tags »"a"«)', 'expected "," or ")", got the text "a"'],
  ['i64 == »9223372036854775808«', 'expected an integer of 64 bits, got 9223372036854775808'],
  ['i64 == -»9223372036854775809«', 'expected an integer of 64 bits, got 9223372036854775809'],
  ['i64 == »0xFFFFFFFFFFFFFFFF«', 'expected an integer of 64 bits, got 0xFFFFFFFFFFFFFFFF'],
  ['f64 == »1e999«', 'expected a number that a double can hold, got 1e999'],
  ['i8 == »089«', 'expected digits from 0 to 7 behind a leading 0 (octal), got "089"'],
  ['i8 == »0x«', 'expected digits behind 0x, got none'],
  ['i8 == »0b«', 'expected digits behind 0b, got none'],
  ['i8 == »0b12«', 'expected a number, got "0b12"'],
  ['i8 == »12abc«', 'expected a number, got "12abc"'],
  ['f64 == »1.2.3«', 'expected a number, got "1.2.3"'],
  ['f64 == »1e«', 'expected a number, got "1e"'],
  ['name == »"abc«', 'expected a closing ", got the end of the text'],
  ['name == "a»\\d«"', 'expected an escape, got "\\\\d"; for a backslash itself write \\\\, or r"..."'],
  ['name == "»\\x«1"', 'expected \\x with 2, \\u with 4 or \\U with 8 hexadecimal digits, got "\\\\x"; for a backslash itself write \\\\, or r"..."'],
  ['name == "»\\xe9«"', 'expected \\u00e9 or the character itself, got \\xe9'],
  ['name == "»\\351«"', 'expected \\u00e9 or the character itself, got \\351'],
  ['name == »"\\ud800"«', 'expected well-formed text, got a lone surrogate in "\\ud800"'],
  ['»$«x == 1', 'expected $meta, got "$x == 1"'],
  ['name like »"a\\\\"«', 'the pattern "a\\\\": expected a character behind "\\", found the end of the pattern (at 1)'],
  ['name =~ »"(a"«', 'the pattern "(a": found "(" without ")" (at 0)'],
  ['name !~ »"a(?=b)"«', 'the pattern "a(?=b)": "(?=" is not supported: regular expressions cannot look around (at 1)'],
];

const TYPE: readonly (readonly [string, string])[] = [
  ['»nmae« == "x"', `field "nmae" does not exist; did you mean "name"? The fields are ${FIELDS}`],
  ['»Title« == "x"', `field "Title" does not exist; did you mean "title"? The fields are ${FIELDS}`],
  ['»colour["a"]« == "x"', `field "colour" does not exist; the fields are ${FIELDS}`],
  ['»$meta["a"]« == "x"', `field "$meta" does not exist; did you mean "meta"? The fields are ${FIELDS}`],
  ['»v« == 1', 'field "v" holds vectors (FloatVector), which a filter cannot look at'],
  ['»i8[0]« == 1', 'field "i8" is of type Int8, which has no parts'],
  ['»tags["a"]« == "a"', 'field "tags" is an Array of VarChar: its elements are tags[0], tags[1], ...'],
  ['»tags[0][1]« == "a"', 'field "tags" is an Array of VarChar: its elements are tags[0], tags[1], ...'],
  ['»flag«', 'expected a condition, got "flag" (Bool); write ... == true'],
  ['!»flag«', 'expected a condition, got "flag" (Bool); write ... == true'],
  ['i8 > 0 and »flag«', 'expected a condition, got "flag" (Bool); write ... == true'],
  ['»meta["a"]« or i8 == 1', 'expected a condition, got a JSON path; write ... == true'],
  ['i8 > 0 or »2«', 'expected a condition, got the number 2'],
  ['»i8 + 1«', 'expected a condition, got arithmetic (Int64)'],
  ['»array_length(tags)«', 'expected a condition, got the length of an array'],
  ['i8 == »"a"«', '"i8" (Int8) cannot be compared with the text "a"'],
  ['name == »1«', '"name" (VarChar) cannot be compared with the number 1'],
  ['»1« == name', '"name" (VarChar) cannot be compared with the number 1'],
  ['flag == »1«', '"flag" (Bool) cannot be compared with the number 1'],
  ['flag > »true«', '"flag" (Bool) cannot be compared with true by >'],
  ['meta["a"] > »true«', 'a JSON path cannot be compared with true by >'],
  ['meta["a"] + 1 == »"x"«', 'a comparison of arithmetic takes numbers, got the text "x"'],
  ['tags[1] == »1«', '"tags[1]" (VarChar) cannot be compared with the number 1'],
  ['tags == »"a"«', '"tags" (Array) cannot be compared with the text "a"'],
  ['»tags > ["a"]«', 'a list can be compared by == and != only, got >'],
  ['»tags == [1]«', 'an element of "tags" (VarChar) cannot be compared with the number 1'],
  ['»i8 == [1]«', '"i8" (Int8) cannot be compared with a list; write "in"'],
  ['»[1] == [1]«', 'a list can be compared with an Array field or a JSON path only'],
  ['»name == i8«', '"name" (VarChar) cannot be compared with "i8" (Int8) by =='],
  ['»meta["a"] == i8«', 'a JSON value can be compared with constants only, not a JSON path with "i8" (Int8)'],
  ['»1 == "a"«', 'the number 1 cannot be compared with the text "a"'],
  ['»name is null« == true', 'expected a value, got a condition; conditions are joined by and, or and not'],
  ['»1 < i8« > 3', 'expected a value, got a condition; conditions are joined by and, or and not'],
  ['»5 < i8 < 3«', 'the range is empty: its lower bound is the number 5, its upper bound the number 3'],
  ['»3 > name > "a"«', 'the text "a" cannot be compared with the number 3'],
  ['i8 between »i16« and 3', 'a range has constants at both ends, got "i16" (Int16); join two comparisons by "and"'],
  ['»~meta["a"] == [1]«', 'arithmetic (JSON) cannot be compared with a list; write "in"'],
  ['»array_length(tags) != [1]«', 'the length of an array cannot be compared with a list'],
  ['i8 in »3«', '"in" takes a list, got the number 3'],
  ['name in »tags«', '"in" takes a list, got "tags" (Array); write array_contains'],
  ['»tags« in ["a"]', '"in" takes a single value on its left, got "tags" (Array); write array_contains_any'],
  ['i8 in [1, »"a"«]', '"i8" (Int8) cannot be compared with the text "a"'],
  ['i8 in [1, »i16«]', 'a list holds constants, got "i16" (Int16)'],
  ['meta["a"] in »[[1]]«', 'expected single values in the list, got a list in it'],
  ['i8 + »name« == 1', '+ takes numbers, got "name" (VarChar)'],
  ['-»name« == 1', '- takes numbers, got "name" (VarChar)'],
  ['+»flag« == 1', 'unary + takes numbers, got "flag" (Bool)'],
  ['~»f64« == 1', '~ takes integers, got "f64" (Double)'],
  ['»f64« % 2 == 1', '% takes integers, got "f64" (Double)'],
  ['i8 % »2.0« == 1', '% takes integers, got the number 2'],
  ['i8 & »1 == 1«', '& takes integers, got a condition; comparisons bind tighter than &: write (a & b) == c'],
  ['i8 / »0« == 1', 'division by 0'],
  ['f64 / »0.0« == 1', 'division by 0'],
  ['i8 << »64« == 1', 'expected a shift by 0 to 63 bits, got 64'],
  ['i8 == »9223372036854775807 + 1«', 'the constant comes to more than 64 bits hold'],
  ['f64 == »1e300 * 1e300«', 'the constant comes to more than a double holds'],
  ['»i8 ** 2« == 4', '** takes constants only'],
  ['»i8« like "a"', 'like takes a VarChar field, an element or a JSON path on its left, got "i8" (Int8)'],
  ['name like »1«', 'like expected a text on its right, got the number 1'],
  ['name like »title«', 'like expected a text on its right, got "title" (VarChar)'],
  ['i8 + »1« is null', 'is null takes a field, a path or an element, got the number 1'],
  ['»tags[0]« is null', 'elements of an Array are never null'],
  ['exists »name«', 'exists takes a path into a JSON field, or a dynamic key, got "name" (VarChar)'],
  ['exists(»i8 == 1«)', 'exists takes a field, a path or an element, got a condition'],
  ['array_contains(»name«, "a")', 'array_contains takes an Array field or a JSON path, got "name" (VarChar)'],
  ['array_contains(nums, »"a"«)', 'an element of "nums" (Int8) cannot be compared with the text "a"'],
  ['array_contains(nums, »i8«)', 'array_contains takes a constant, got "i8" (Int8)'],
  ['array_contains_any(nums, »1«)', 'array_contains_any takes a list, got the number 1'],
  ['array_length(»name«) == 1', 'array_length takes an Array field or a JSON path, got "name" (VarChar)'],
  ['random_sample(»1«)', 'random_sample expected a number between 0 and 1, both exclusive, got the number 1'],
  ['random_sample(»i8«)', 'random_sample expected a number between 0 and 1, both exclusive, got "i8" (Int8)'],
  ['»random_sample(0.5)« and i8 == 1', 'random_sample stands alone, or as the last part of the outermost "and"'],
  ['i8 == 1 or »random_sample(0.5)«', 'random_sample stands alone, or as the last part of the outermost "and"'],
  ['not »random_sample(0.5)«', 'random_sample stands alone, or as the last part of the outermost "and"'],
];

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  ['»text_match«(name, "a", minimum_should_match=2)', 'text_match is not supported yet'],
  ['»PHRASE_MATCH«(name, "a")', 'phrase_match is not supported yet'],
  ['»st_within«(name, "POINT (1 1)")', 'st_within is not supported yet'],
  ['i64 > »ISO "2025-01-01T00:00:00Z"«', 'comparing times is not supported yet'],
  ['i64 + »interval \'P1D\'« > 3', 'comparing times is not supported yet'],
  ['meta[»text«] == 1', 'a field of a struct is not supported yet'],
  ['»$«[text] == 1', 'an element of a struct is not supported yet'],
];

function check(marked: string, code: string, sentence: string): void {
  const position = marked.indexOf('»');
  const text = marked.replace(/[»«]/g, '');
  const length = Math.max(1, marked.indexOf('«') - position - 1);
  const { message, ...rest } = refusal(text);
  expect(message).toBe(`filter: ${sentence} (line 1, column ${position + 1})\n  ${text}\n  ${' '.repeat(position)}${'^'.repeat(length)}`);
  expect(rest).toEqual({ code, detail: { position, line: 1, column: position + 1, expected: expect.any(String), found: expect.any(String) } });
}

describe('a filter is refused', () => {
  it.each(SYNTAX)('%s: %s', (text, sentence) => check(text, 'FILTER_SYNTAX', sentence));
  it.each(TYPE)('%s: %s', (text, sentence) => check(text, 'FILTER_TYPE', sentence));
  it.each(UNSUPPORTED)('%s: %s', (text, sentence) => check(text, 'NOT_SUPPORTED', sentence));

  it('with what was expected and found apart', () => {
    expect(refusal('i8 > and').detail).toEqual({ position: 5, line: 1, column: 6, expected: 'a value', found: '"and"' });
    expect(refusal('i8 == "x"').detail).toEqual({ position: 6, line: 1, column: 7, expected: 'a constant that "i8" (Int8) can be compared with', found: 'the text "x"' });
  });

  it('with the line that is meant', () => {
    const { message, detail } = refusal('i8 == 1 and\n\ti16 == "x" and\ni32 == 1');
    expect(message).toBe('filter: "i16" (Int16) cannot be compared with the text "x" (line 2, column 9)\n   i16 == "x" and\n          ^^^');
    expect(detail).toMatchObject({ position: 20, line: 2, column: 9 });
  });

  it('with a part of a long line', () => {
    const { message } = refusal(`${'i8 == 1 and '.repeat(20)}i8 == "x"${' and i8 == 1'.repeat(20)}`);
    expect(message).toBe('filter: "i8" (Int8) cannot be compared with the text "x" (line 1, column 247)\n  ...d i8 == 1 and i8 == 1 and i8 == "x" and i8 == 1 and i8 == 1 and i8 == 1 ...\n                                     ^^^');
    expect(refusal(`i8 == ${'1'.repeat(500)}`).message.length).toBeLessThan(300);
    expect(refusal(`${'x'.repeat(5_000)} == 1`).message.length).toBeLessThan(400);
    expect(refusal(`name == {${'x'.repeat(5_000)}}`).message.length).toBeLessThan(400);
  });

  it('a name that is neither a field nor a key, where keys are kept, is a key', () => {
    expect(refusal('nmae == 1 and v == 1', undefined, DYNAMIC).message).toMatch(/^filter: field "v" holds vectors/);
  });

  it('unless it is a text', () => {
    for (const wrong of [undefined, null, 3, {}, ['id == 1']]) expect(refusal(wrong as never).code).toBe('INVALID_ARGUMENT');
    for (const wrong of [null, 3, 'x']) expect(refusal('id == 1', wrong as never).code).toBe('INVALID_ARGUMENT');
  });
});
