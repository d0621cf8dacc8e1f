/**
 * The messages between an app client (opaque-origin frame) and its host (JupyterLab or a share page).
 *
 * Both sides talk over one MessagePort by structured clone; binary data are ArrayBuffers. The client
 * is never trusted: the host checks every message with `parseClientMessage` (validate.ts).
 */

/** A kernel comm's data: a JSON object. */
export type JsonObject = Record<string, unknown>;

/** A path into a widget state: object keys and list indices. */
export type BufferPath = (string | number)[];

/** How an app's parts are arranged. */
export type LayoutMode = 'column' | 'grid' | 'tabs' | 'dashboard';

/** What the kernel behind an app is doing. */
export type KernelState = 'starting' | 'idle' | 'busy' | 'stopped' | 'failed';

/** Colours and fonts of the host. */
export interface ITheme {
  /** Whether the host is dark. */
  dark: boolean;
  /** CSS variables; only names that start with `--nx-` are used. */
  vars: Record<string, string>;
}

/** One output as nbformat 4 stores it. */
export interface IOutput {
  /** `display_data`, `execute_result`, `stream` or `error`. */
  output_type: string;
  /** The mime bundle. */
  data?: JsonObject;
  /** The mime bundle's metadata. */
  metadata?: JsonObject;
  /** The stream: `stdout` or `stderr`. */
  name?: string;
  /** The stream's text. */
  text?: string | string[];
  /** The error's name. */
  ename?: string;
  /** The error's message. */
  evalue?: string;
  /** The error's traceback, one entry a frame. */
  traceback?: string[];
  /** Carries `display_id`. */
  transient?: JsonObject;
}

/** One cell of the app; code sources never leave the host. */
export interface ICell {
  /** The cell id. */
  id: string;
  /** `app` and `doc` show; everything else is work behind the scenes. */
  role: string;
  /** `code`, `markdown` or `raw`. */
  cell_type: string;
  /** The text of a Markdown cell. */
  source?: string;
  /** The outputs of a code cell. */
  outputs: IOutput[];
}

/** One widget model, as `request_states` or a saved widget state gives it. */
export interface IModelState {
  /** The model class. */
  model_name: string;
  /** The package of the class. */
  model_module: string;
  /** The version of the package. */
  model_module_version?: string;
  /** The state without its binary values. */
  state: JsonObject;
  /** Where each buffer belongs in `state`. */
  buffer_paths?: BufferPath[];
  /** The binary values. */
  buffers?: ArrayBuffer[];
}

/** Starts a client: who it is and what it looks like. */
export interface IInitMessage {
  type: 'init';
  title: string;
  description: string;
  layout: LayoutMode;
  theme: ITheme;
  /** The client's own code; the frame's bootstrap imports it. */
  source: { appview: string };
  /** Texts in the host's language; missing ones are English. */
  strings: Record<string, string>;
}

/** Answers `need`. */
export interface IModuleMessage {
  type: 'module';
  name: string;
  source: string;
}

/** The cells to show. */
export interface IOutputsMessage {
  type: 'outputs';
  cells: ICell[];
  /** Whether `cells` are only those that changed. */
  partial?: boolean;
}

/** The widget models of the kernel. */
export interface IModelsMessage {
  type: 'models';
  states: Record<string, IModelState>;
}

/** A comm message of the kernel. */
export interface IKernelCommMessage {
  type: 'comm_open' | 'comm_msg' | 'comm_close';
  comm_id: string;
  target_name?: string;
  data: JsonObject;
  metadata?: JsonObject;
  buffers?: ArrayBuffer[];
  parent_id: string;
}

/** An output message of the kernel. */
export interface IKernelOutputMessage {
  type: 'output';
  msg_type:
    'display_data' | 'execute_result' | 'stream' | 'error' | 'update_display_data' | 'clear_output';
  content: JsonObject;
  parent_id: string;
}

/** What the kernel is doing; with `parent_id` it answers that message. */
export interface IStatusMessage {
  type: 'status';
  state: KernelState;
  detail?: string;
  parent_id?: string;
}

/** The host's colours changed. */
export interface IThemeMessage extends ITheme {
  type: 'theme';
}

/** Asks for a `report`. */
export interface IInspectMessage {
  type: 'inspect';
  id: string;
}

/** Everything a host may say. */
export type HostMessage =
  | IInitMessage
  | IModuleMessage
  | IOutputsMessage
  | IModelsMessage
  | IKernelCommMessage
  | IKernelOutputMessage
  | IStatusMessage
  | IThemeMessage
  | IInspectMessage;

/** What a client drew, counted in its document. */
export interface IReport {
  /** Cells on the page. */
  cells: number;
  /** Widgets by view name. */
  widgets: { name: string; visible: boolean }[];
  /** Charts on the page. */
  charts: number;
  /** Drawn marks of each chart; a 0 is a blank chart. */
  chart_marks: number[];
  /** Drawn chart marks with a non-empty shape, axes and legends left out. */
  marks: number;
  /** Pictures on the page. */
  images: number;
  /** Tables on the page. */
  tables: { rows: number; columns: number }[];
  /** Characters of visible text. */
  text_chars: number;
  /** What went wrong, a sentence each. */
  errors: string[];
}

/** The client is there and wants its messages. */
export interface IReadyMessage {
  type: 'ready';
}

/** The client wants a module by name. */
export interface INeedMessage {
  type: 'need';
  name: string;
}

/** What a client may tell a widget: the three methods of the widget protocol. */
export interface IClientCommData extends JsonObject {
  method: 'update' | 'custom' | 'request_state';
}

/** A message for a widget in the kernel. */
export interface IClientCommMessage {
  type: 'comm_msg';
  comm_id: string;
  data: IClientCommData;
  buffers: ArrayBuffer[];
  /** Becomes `header.msg_id`, so what it causes carries it as `parent_id`. */
  id: string;
}

/** The page's height changed. */
export interface IHeightMessage {
  type: 'height';
  px: number;
}

/** Answers `inspect`. */
export interface IReportMessage {
  type: 'report';
  id: string;
  report: IReport;
}

/** A file that the app made. */
export interface IDownload {
  /** The name the app gives it. */
  name: string;
  /** Its content. */
  bytes: ArrayBuffer;
}

/** The person clicked on a link to a file. */
export interface IDownloadMessage extends IDownload {
  type: 'download';
}

/** The client itself failed. */
export interface IFailureMessage {
  type: 'failure';
  message: string;
}

/** Everything a client may say. */
export type ClientMessage =
  | IReadyMessage
  | INeedMessage
  | IClientCommMessage
  | IHeightMessage
  | IReportMessage
  | IDownloadMessage
  | IFailureMessage;

/** The modules a client may ask for. */
export const MODULES: readonly string[] = ['chart'];

/** The largest message a client may send, binary parts included. */
export const MESSAGE_LIMIT = 4 * 1024 * 1024;

/** The largest file an app may hand over, in bytes. */
export const DOWNLOAD_LIMIT = 64 * 1024 * 1024;
