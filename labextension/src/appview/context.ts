/** What every view and renderer may use. */
import type { ITheme } from '../core/protocol';
import type { ModelStore } from './models/store';

/** The chart module: draws Vega and Vega-Lite. */
export interface IChartModule {
  /** Draw `spec` into `element`; the result removes the chart. */
  draw(element: HTMLElement, spec: unknown, options: IChartOptions): Promise<() => void>;
}

/** How a chart is drawn. */
export interface IChartOptions {
  /** Whether the spec is Vega-Lite (else Vega). */
  isLite: boolean;
  /** The colours of the moment. */
  theme: ITheme;
  /** Told what the chart could not do, such as loading data from the network. */
  problem(message: string): void;
}

/** The running client, as its parts see it. */
export interface IAppContext {
  /** The widget models. */
  readonly store: ModelStore;
  /** The colours of the moment. */
  readonly theme: ITheme;
  /** Get the chart module, loading it the first time. */
  chart(): Promise<IChartModule>;
  /** Import the ES module `source`. */
  importModule(source: string): Promise<unknown>;
  /** Listen to a change of the colours; the result stops it. */
  onTheme(listener: () => void): () => void;
  /** Remember something that went wrong, for the report. */
  problem(message: string): void;
}
