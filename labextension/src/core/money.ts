/** Numbers of tokens and sums of money, in words that fit beside an answer. */
import { TranslationBundle } from '@jupyterlab/translation';

/** What an answer used. */
export interface ISpent {
  model: string;
  prompt_tokens: number;
  completion_tokens: number;
  money: number | null;
  is_cached: boolean;
  is_estimate: boolean;
}

/** Return a sum of US dollars, with as many digits as say something. */
export function dollars(sum: number): string {
  if (sum === 0) {
    return '$0';
  }
  return sum < 0.0001 ? '<$0.0001' : `$${sum.toFixed(sum < 0.1 ? 4 : 2)}`;
}

/** Return what an answer used, in one line. */
export function spentLine(spent: ISpent, trans: TranslationBundle): string {
  const name = spent.model.split('/').pop() ?? spent.model;
  if (spent.is_cached) {
    return trans.__('%1 · from the cache', name);
  }
  const count = (spent.prompt_tokens + spent.completion_tokens).toLocaleString();
  const tokens = spent.is_estimate
    ? trans.__('about %1 tokens', count)
    : trans.__('%1 tokens', count);
  return [name, tokens, ...(spent.money === null ? [] : [dollars(spent.money)])].join(' · ');
}

/** Return a model's price in one line; prices are per million tokens in and out. */
export function priceLine(
  model: { input_price?: number | null; output_price?: number | null },
  trans: TranslationBundle
): string {
  const { input_price: input, output_price: output } = model;
  if (input === 0 && output === 0) {
    return trans.__('free');
  }
  if (typeof input !== 'number' || typeof output !== 'number') {
    return trans.__('price unknown');
  }
  return trans.__('$%1 in, $%2 out', String(input), String(output));
}
