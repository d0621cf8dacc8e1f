/** The client's texts; the host may replace them by its language. */
const ENGLISH = {
  busy: 'Working',
  chart: 'Chart',
  chartFailed: 'This chart could not be drawn.',
  chooseFile: 'Choose a file',
  chooseFiles: 'Choose files',
  data: 'Data',
  details: 'Details',
  empty: 'This app shows nothing yet.',
  emptyHint: 'Run it in the Build view, or ask for something to show.',
  esmNetwork: 'This part wants code from the network, which an app cannot reach.',
  esmFailed: 'This part of the app failed to start.',
  failed: 'This app failed.',
  fileTooLarge: 'This file is too large (the limit is {limit}).',
  from: 'from',
  invalid: 'Not valid',
  isValid: 'Valid',
  loading: 'The app is starting',
  max: 'maximum',
  min: 'minimum',
  next: 'Next step',
  noChoice: 'Choose…',
  part: 'Part',
  pause: 'Pause',
  play: 'Play',
  problem: 'Something in this app failed',
  remove: 'Remove',
  repeat: 'Repeat',
  restart: 'Back to the start',
  notRunning: 'This app is not running. Start it to use it.',
  stopped: 'This app has stopped. What you see is its last state.',
  to: 'to',
  unknownWidget: 'This widget cannot be shown here',
  unshown: 'This output cannot be shown here',
  widgetGone: 'This widget is not running.'
};

/** The name of a text. */
export type StringKey = keyof typeof ENGLISH;

let translated: Record<string, string> = {};

/** Use the host's texts. */
export function setStrings(strings: Record<string, string>): void {
  translated = strings;
}

/** Give a text, with `{name}` filled in. */
export function t(key: StringKey, values: Record<string, string> = {}): string {
  const own = Object.prototype.hasOwnProperty.call(translated, key)
    ? translated[key]
    : ENGLISH[key];
  return own.replace(/\{(\w+)\}/g, (_match, name: string) => values[name] ?? '');
}
