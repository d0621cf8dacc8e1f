/** Pictures, sound and film from a widget's bytes. */
import { h, setAttributes } from '../dom';
import type { WidgetModel } from '../models/model';
import { toBuffer } from '../models/buffers';
import { t } from '../strings';
import { bind, card, IView, ViewFactory } from './view';

type Media = HTMLImageElement | HTMLAudioElement | HTMLVideoElement;

/** Keep `element.src` at an object URL of the model's bytes. */
function bindBytes(model: WidgetModel, view: IView, element: Media, kind: string): HTMLElement {
  const holder = h('div', { class: 'nx-media' }, element);
  let url = '';
  const forget = (): void => {
    if (url !== '') {
      URL.revokeObjectURL(url);
      url = '';
    }
  };
  view.scope.add(forget);
  bind(model, ['value', 'format'], view.scope, () => {
    forget();
    const bytes = toBuffer(model.get('value'));
    const format = model.str('format');
    if (format === 'url') {
      const address = bytes === null ? '' : new TextDecoder().decode(new Uint8Array(bytes));
      const isInline = address.startsWith(`data:${kind}/`);
      holder.replaceChildren(isInline ? element : card(t('unshown'), address.slice(0, 120)));
      element.src = isInline ? address : '';
    } else if (bytes !== null && bytes.byteLength > 0) {
      const type = `${kind}/${format === 'svg' ? 'svg+xml' : format}`;
      url = URL.createObjectURL(new Blob([bytes], { type }));
      element.src = url;
    }
  });
  return holder;
}

const image: ViewFactory = (model, view) => {
  const element = h('img', { class: 'nx-image' });
  bind(model, ['width', 'height', 'tooltip'], view.scope, () =>
    setAttributes(element, {
      alt: model.str('tooltip'),
      width: parseFloat(model.str('width')) || null,
      height: parseFloat(model.str('height')) || null
    })
  );
  return bindBytes(model, view, element, 'image');
};

function player(kind: 'audio' | 'video'): ViewFactory {
  return (model, view) => {
    const element = h(kind, {});
    bind(model, ['controls', 'loop', 'autoplay', 'width', 'height'], view.scope, () =>
      setAttributes(element, {
        controls: model.get('controls') !== false,
        loop: model.is('loop'),
        autoplay: model.is('autoplay'),
        width: parseFloat(model.str('width')) || null,
        height: parseFloat(model.str('height')) || null
      })
    );
    return bindBytes(model, view, element, kind);
  };
}

/** The media views by name. */
export const media: Record<string, ViewFactory> = {
  ImageView: image,
  AudioView: player('audio'),
  VideoView: player('video')
};
