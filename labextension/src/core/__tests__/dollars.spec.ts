import { describe, expect, it } from 'vitest';
import { plainDollars, typedDollars } from '../dollars';

describe('dollars', () => {
  it.each([
    ['how much, $5 or $10 in all?', 'how much, \\$5 or \\$10 in all?'],
    ['$0.0022 of $0.0000.', '\\$0.0022 of \\$0.0000.'],
    ['the mean $\\bar{x}$ of $n$ values', 'the mean $\\bar{x}$ of $n$ values'],
    ['$$a + b$$', '$$a + b$$'],
    ['it costs $5', 'it costs \\$5'],
    ['already \\$5', 'already \\$5'],
    ['`$x` and `$y`', '`$x` and `$y`'],
    ['```sh\necho $A $B\n```', '```sh\necho $A $B\n```'],
    ['```sh\necho $A', '```sh\necho $A'],
    ['a $ b $ c', 'a \\$ b \\$ c'],
    ['no money', 'no money'],
    ['$a\n\nb$', '\\$a\n\nb\\$']
  ])('%s', (text, shown) => {
    expect(plainDollars(text)).toBe(shown);
  });

  it('come back as they were typed', () => {
    const typed = '$5 or $10?';
    expect(typedDollars(plainDollars(typed))).toBe(typed);
  });
});
