/** Cards that Nexus puts in chats and notebooks: an app, choices, an output that may not act here. */
import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { CommandIDs } from '../core/commands';
import { IModels } from '../core/models';

/** The mime types of the cards. */
export const CARD = 'application/vnd.nexus.app-card+json';
export const CHOICES = 'application/vnd.nexus.choices+json';
export const KEY_CARD = 'application/vnd.nexus.key-card+json';
export const MAKE = 'application/vnd.nexus.make-request+json';
export const INERT = 'application/vnd.nexus.inert+json';

/** What cards need of JupyterLab. */
export interface ICardServices {
  commands: CommandRegistry;
  models: IModels;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}

interface IAppCard {
  path: string;
  title: string;
  recipe_title: string;
  status: string;
  tier: string;
  data: string[];
}

interface IChoices {
  question: string;
  choices: { label: string; request: ReadonlyJSONObject }[];
}

/** A button with a label that is text, never markup. */
function button(label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = `nx-Card-button ${className}`.trim();
  node.textContent = label;
  node.addEventListener('click', onClick);
  return node;
}

function line(text: string, className: string): HTMLElement {
  const node = document.createElement('div');
  node.className = className;
  node.textContent = text;
  return node;
}

abstract class Card extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _mime: string,
    protected readonly lab: ICardServices
  ) {
    super();
    this.addClass('nx-Card');
  }

  /** Draw the card. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.node.replaceChildren();
    this.draw(model.data[this._mime] as unknown, model);
  }

  protected abstract draw(data: unknown, model: IRenderMime.IMimeModel): void;
}

class AppCard extends Card {
  protected draw(data: unknown): void {
    const { commands, trans } = this.lab;
    const app = data as IAppCard;
    const path = String(app.path);
    const about =
      app.tier === 'process'
        ? trans.__('Recipe “%1” · not sandboxed on this machine', String(app.recipe_title))
        : trans.__('Recipe “%1” · sandboxed', String(app.recipe_title));
    const actions = document.createElement('div');
    actions.className = 'nx-Card-actions';
    actions.append(
      button(
        trans.__('Open'),
        () => void commands.execute(CommandIDs.openApp, { path, start: true }),
        'nx-mod-main'
      ),
      button(trans.__('Run'), () => void commands.execute(CommandIDs.runApp, { path })),
      button(trans.__('Stop'), () => void commands.execute(CommandIDs.stopApp, { path }))
    );
    this.node.append(
      line(String(app.title), 'nx-Card-title'),
      line(path, 'nx-Card-path'),
      line(about, 'nx-Card-about'),
      actions
    );
  }
}

class ChoicesCard extends Card {
  protected draw(data: unknown): void {
    const { question, choices } = data as IChoices;
    const chips = document.createElement('div');
    chips.className = 'nx-Card-actions';
    chips.setAttribute('role', 'group');
    chips.setAttribute('aria-label', String(question));
    for (const choice of choices.slice(0, 8)) {
      chips.append(
        button(
          String(choice.label),
          () => void this.lab.commands.execute(CommandIDs.ask, choice.request)
        )
      );
    }
    this.node.append(line(String(question), 'nx-Card-about'), chips);
  }
}

/** Asks for a provider's key; the form is loaded when a card is shown. */
class KeyCard extends Card {
  protected draw(data: unknown): void {
    const { models, trans } = this.lab;
    const { provider, reason } = data as { provider?: string; reason?: string };
    this.node.append(
      line(trans.__('Connect a model'), 'nx-Card-title'),
      line(String(reason ?? ''), 'nx-Card-about')
    );
    void import('./models/keyForm').then(({ KeyForm }) => {
      if (!this.isDisposed) {
        const form = new KeyForm(models, trans, { provider });
        this.node.append(form.node);
        this.disposed.connect(() => form.dispose());
        const more = button(
          trans.__('Local servers and more'),
          () => void this.lab.commands.execute(CommandIDs.showModels)
        );
        const actions = document.createElement('div');
        actions.className = 'nx-Card-actions';
        actions.append(more);
        this.node.append(actions);
      }
    });
  }
}

/** A sandboxed kernel's wish for an app: the owner's click grants it. */
class MakeCard extends Card {
  protected draw(data: unknown): void {
    const { commands, trans } = this.lab;
    const wish = data as { text?: string; data?: string[] };
    const text = String(wish.text ?? '');
    const files = (Array.isArray(wish.data) ? wish.data : []).map(String);
    const actions = document.createElement('div');
    actions.className = 'nx-Card-actions';
    actions.append(
      button(
        trans.__('Build'),
        () => void commands.execute(CommandIDs.ask, { text, data: files }),
        'nx-mod-main'
      )
    );
    this.node.append(
      line(trans.__('This notebook asks for an app'), 'nx-Card-title'),
      line(text, 'nx-Card-text'),
      ...(files.length ? [line(files.join(', '), 'nx-Card-path')] : []),
      actions
    );
  }
}

const ACTIVE = /widget-view|vega|javascript|plotly|bokeh/;

/** Shows what it can of an output that may not act in this page. */
class InertCard extends Card {
  protected draw(data: unknown, model: IRenderMime.IMimeModel): void {
    const { trans } = this.lab;
    const bundle = (data as { bundle?: Record<string, unknown> }).bundle ?? {};
    const svg = bundle['image/svg+xml'];
    const markdown = bundle['text/markdown'];
    const isActive = Object.keys(bundle).some(mime => ACTIVE.test(mime));
    if (!isActive && typeof svg === 'string') {
      // An image element runs no script and loads nothing.
      const image = document.createElement('img');
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
      image.alt = String(bundle['text/plain'] ?? trans.__('Picture'));
      this.node.append(image);
    } else if (!isActive && typeof markdown === 'string') {
      this._drawText(markdown, model);
    } else {
      const text = String(bundle['text/plain'] ?? '').slice(0, 300);
      const actions = document.createElement('div');
      actions.className = 'nx-Card-actions';
      actions.append(
        button(trans.__('Show in the app'), () => {
          void this.lab.commands.execute(CommandIDs.toggleView, { view: 'app' });
        })
      );
      this.node.append(
        line(trans.__('An interactive output'), 'nx-Card-title'),
        line(text, 'nx-Card-about'),
        actions
      );
    }
  }

  /** Show Markdown as the server made HTML of it: without links and images, which could carry data away. */
  private _drawText(markdown: string, model: IRenderMime.IMimeModel): void {
    if (!model.data['text/html']) {
      this.node.append(line(markdown, 'nx-Card-text'));
      return;
    }
    this.addClass('nx-mod-plain');
    const html = this.lab.rendermime.createRenderer('text/html');
    void html.renderModel(model);
    this.node.append(html.node); // a card is drawn before it is in the page, where nothing can be attached to it
    this.disposed.connect(() => html.dispose());
  }
}

/** Add the cards to a registry. */
export function addCards(lab: ICardServices): void {
  const add = (mime: string, make: (mime: string, lab: ICardServices) => Card): void => {
    lab.rendermime.addFactory(
      { safe: true, mimeTypes: [mime], createRenderer: () => make(mime, lab) },
      0
    );
  };
  add(CARD, (mime, services) => new AppCard(mime, services));
  add(CHOICES, (mime, services) => new ChoicesCard(mime, services));
  add(KEY_CARD, (mime, services) => new KeyCard(mime, services));
  add(MAKE, (mime, services) => new MakeCard(mime, services));
  add(INERT, (mime, services) => new InertCard(mime, services));
}
