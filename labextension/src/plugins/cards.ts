/** The cards of chats and notebooks. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IModels } from '../core/models';
import { addCards } from '../ui/cards';
import { CHART_TYPES, ChartRenderer } from '../ui/chartRenderer';

/** Registers the cards with every renderer of the page. */
export const cardsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:cards',
  description: 'Shows app cards, choices and outputs that may not act in JupyterLab.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IModels],
  optional: [IThemeManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    models: IModels,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('nexus_jupyter');
    addCards({ commands: app.commands, models, rendermime, trans });
    // After the built-in renderer, which would otherwise take its place again.
    void app.started.then(() => {
      rendermime.addFactory(
        {
          safe: true, // no eval, no network: what it draws comes from the output itself
          mimeTypes: CHART_TYPES,
          createRenderer: options => new ChartRenderer(options.mimeType, themes)
        },
        0
      );
    });
  }
};
