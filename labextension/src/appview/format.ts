/** Numbers in the part of d3's format language that widgets use. */

const PATTERN = /^([+(\- ]?)([$]?)(,?)(?:\.(\d+))?(~?)([defgrsn%]?)$/;
const SI = ['y', 'z', 'a', 'f', 'p', 'n', 'µ', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

function trim(digits: string): string {
  return digits.replace(/(\.\d*?)0+(e|$)/, '$1$2').replace(/\.(e|$)/, '$1');
}

function group(digits: string): string {
  const [whole, fraction] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function si(value: number, precision: number): string {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(value) / 3);
  const step = Math.max(-8, Math.min(8, exponent));
  return trim((value / 10 ** (step * 3)).toPrecision(precision)) + SI[8 + step];
}

function digitsOf(value: number, type: string, precision: number | undefined): string {
  switch (type) {
    case 'd':
      return Math.round(value).toFixed(0);
    case 'f':
      return value.toFixed(precision ?? 6);
    case '%':
      return `${(value * 100).toFixed(precision ?? 6)}%`;
    case 'e':
      return value.toExponential(precision ?? 6);
    case 's':
      return si(value, precision ?? 6);
    case 'g':
    case 'r':
    case 'n':
      return value.toPrecision(Math.max(1, precision ?? 6));
    default:
      return precision === undefined
        ? String(value)
        : trim(value.toPrecision(Math.max(1, precision)));
  }
}

/** Format `value`; an unknown format gives the plain number. */
export function formatNumber(value: number, format: string): string {
  const match = PATTERN.exec(format.trim());
  if (match === null || !Number.isFinite(value)) {
    return String(value);
  }
  const [, sign, currency, comma, precision, tilde, type] = match;
  let digits = digitsOf(
    Math.abs(value),
    type,
    precision === undefined ? undefined : Number(precision)
  );
  if (tilde !== '') {
    digits = trim(digits);
  }
  if (comma !== '' || type === 'n') {
    digits = digits.endsWith('%') ? `${group(digits.slice(0, -1))}%` : group(digits);
  }
  const minus = value < 0 && /[1-9]/.test(digits) ? '−' : sign === '+' ? '+' : '';
  return `${minus}${currency}${digits}`;
}
