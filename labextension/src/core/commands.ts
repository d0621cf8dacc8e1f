/** The command ids of Nexus. */
export const CommandIDs = {
  /** Open an app in the canvas; args: `path`, `start`. */
  openApp: 'nexus:open-app',
  /** Stop an app; args: `path`, else the current canvas. */
  stopApp: 'nexus:stop-app',
  /** Start an app where it is: in its canvas if it is open, else on the server; args: `path`. */
  runApp: 'nexus:run-app',
  /** Start the app of the current canvas. */
  startApp: 'nexus:start-app',
  /** Restart the app of the current canvas. */
  restartApp: 'nexus:restart-app',
  /** Show the other view of the current canvas, or open the current notebook in a canvas. */
  toggleView: 'nexus:toggle-view',
  /** Ask for a sentence and build an app. */
  newApp: 'nexus:new-app',
  /** Show the chat. */
  showChat: 'nexus:show-chat',
  /** Send something to the chat; args: `text`, `data`, `recipe`. */
  ask: 'nexus:ask',
  /** Show the models: which is in use, keys, servers, what was spent. */
  showModels: 'nexus:show-models',
  /** Have the active cell explained. */
  explainCell: 'nexus:explain-cell',
  /** Have the active cell mended. */
  fixCell: 'nexus:fix-cell',
  /** Have the active cell documented. */
  documentCell: 'nexus:document-cell'
} as const;

/** The name of the canvas's document factory. */
export const CANVAS = 'Nexus app';
