import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { dollars, priceLine, spentLine } from '../money';

const trans = nullTranslator.load('nexus_jupyter');
const spent = {
  model: 'openai/gpt-5-mini',
  prompt_tokens: 1200,
  completion_tokens: 34,
  money: 0.00212,
  is_cached: false,
  is_estimate: false
};

describe('money', () => {
  it.each([
    [0, '$0'],
    [0.00001, '<$0.0001'],
    [0.00212, '$0.0021'],
    [0.5, '$0.50'],
    [12.345, '$12.35']
  ])('%f is written %s', (sum, text) => {
    expect(dollars(sum)).toBe(text);
  });

  it('is told with an answer, where it is known', () => {
    expect(spentLine(spent, trans)).toBe('gpt-5-mini · 1,234 tokens · $0.0021');
    expect(spentLine({ ...spent, money: null }, trans)).toBe('gpt-5-mini · 1,234 tokens');
    expect(spentLine({ ...spent, is_estimate: true }, trans)).toContain('about 1,234 tokens');
    expect(spentLine({ ...spent, is_cached: true }, trans)).toBe('gpt-5-mini · from the cache');
  });

  it('is told with a model', () => {
    expect(priceLine({ input_price: 0, output_price: 0 }, trans)).toBe('free');
    expect(priceLine({ input_price: 0.15, output_price: 0.6 }, trans)).toBe('$0.15 in, $0.6 out');
    expect(priceLine({}, trans)).toBe('price unknown');
  });
});
