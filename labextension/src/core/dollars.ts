/** Dollar signs in Markdown: which mean a formula, and which mean money. */

/** Code, in fences or in a line, in which a dollar is a dollar. */
const CODE = /(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)/;

/**
 * Return Markdown with every dollar sign escaped that begins no formula.
 *
 * JupyterLab takes any two dollars for the ends of a formula. Here a formula's first dollar stands before something
 * else than a space, its last behind something else than a space and not before a digit: the rule of Pandoc.
 */
export function plainDollars(markdown: string): string {
  return markdown.includes('$')
    ? markdown
        .split(CODE)
        .map((part, index) => (index % 2 ? part : escaped(part)))
        .join('')
    : markdown;
}

function escaped(text: string): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    if (text[at] === '\\') {
      result += text.slice(at, at + 2);
      at += 2;
    } else if (text.startsWith('$$', at)) {
      const end = text.indexOf('$$', at + 2);
      const stop = end < 0 ? at + 2 : end + 2;
      result += text.slice(at, stop);
      at = stop;
    } else if (text[at] === '$') {
      const end = formulaEnd(text, at);
      result += end < 0 ? '\\$' : text.slice(at, end + 1);
      at = end < 0 ? at + 1 : end + 1;
    } else {
      result += text[at];
      at += 1;
    }
  }
  return result;
}

/** Return where the formula ends that a dollar begins; -1 where it begins none. */
function formulaEnd(text: string, start: number): number {
  if (!/\S/.test(text[start + 1] ?? ' ')) {
    return -1;
  }
  for (let end = start + 2; end < text.length; end++) {
    if (text[end] === '\n' && text[end + 1] === '\n') {
      return -1; // a formula stays in its paragraph
    }
    if (text[end] === '$' && /\S/.test(text[end - 1]) && text[end - 1] !== '\\') {
      return /\d/.test(text[end + 1] ?? '') ? -1 : end;
    }
  }
  return -1;
}

/** Return what `plainDollars` was given. */
export function typedDollars(markdown: string): string {
  return markdown.replace(/\\\$/g, '$');
}
