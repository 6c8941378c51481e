'use strict';

// Two places of amoCRM's settings where a widget is set up: docs/reference/amocrm.md §5.2, §5.3. How they look is ours.

function labelled(text, ...inputs) {
  return make('label', { className: 'field' }, text, ...inputs);
}

// «Интеграции»: the widget's card, and the modal in which its settings are saved.
function drawWidgets(data, widget) {
  const { manifest, texts, settings } = data.widget;
  const named = (key) => key.split('.').reduce((found, name) => found[name], texts[document.documentElement.lang] || texts.ru);
  const state = make('p', { id: 'widget-state', textContent: Object.keys(settings).length ? 'Установлено' : 'Не установлено' });
  const open = make('button', { type: 'button', id: 'widget-open', textContent: 'Настройки' });
  open.onclick = () => widgetModal(manifest, named, settings, widget, state);
  work.replaceChildren(make('h1', { textContent: 'Интеграции' }), make('section', { className: 'integration' },
    make('img', { src: '/widget-files/images/logo_min.png', width: 84, height: 84, alt: '' }), make('div', {}, make('h2', { textContent: named(manifest.widget.name) }), make('p', { textContent: named(manifest.widget.short_description) }), state, open)));
}

function inputOf(name, field, named, settings) {
  if (field.type === 'custom') {
    return [make('input', { type: 'hidden', id: 'priem_custom', name, value: settings[name] || '' }), make('div', { id: 'priem_custom_content' })];
  }
  return [labelled(named(field.name), make('input', { name, value: settings[name] || '' }))];
}

function widgetModal(manifest, named, settings, widget, state) {
  const fields = Object.entries(manifest.settings).flatMap(([name, field]) => inputOf(name, field, named, settings));
  const save = make('button', { type: 'button', id: 'widget-save', textContent: 'Сохранить' });
  const note = make('p', { className: 'note' });
  note.setAttribute('role', 'status');
  const body = make('div', { className: 'widget-settings' }, make('h2', { textContent: named(manifest.widget.name) }), make('p', { innerHTML: named(manifest.widget.description) }), ...fields, save, note);
  requirejs(['lib/components/base/modal', 'jquery'], (Modal, $) => {
    const modal = new Modal({ class_name: 'modal-settings', init: ($body) => { $body.append(body); widget.callbacks.settings($(body), {}); }, destroy: () => true });
    save.onclick = async () => {
      const sent = Object.fromEntries([...body.querySelectorAll('input[name]')].map((input) => [input.name, input.value]));
      if (Object.entries(manifest.settings).some(([name, field]) => field.required && !sent[name])) { note.textContent = 'Заполните обязательные поля'; return; }
      if (await widget.callbacks.onSave({ active: 'Y', fields: sent }) !== true) return;
      Object.assign(settings, await ask('widget-settings', sent));
      state.textContent = 'Установлено';
      modal.destroy();
    };
  });
}

// «Автоматизация»: a stage, and the widget's action in it.
async function drawPipeline(data, widget) {
  const { manifest, texts } = data.widget;
  const named = (key) => key.split('.').reduce((found, name) => found[name], texts[document.documentElement.lang] || texts.ru);
  const stages = make('select', { id: 'stage' }, ...data.pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => make('option', { value: `${pipeline.id}:${stage.id}`, textContent: `${pipeline.name}: ${stage.name}` }))));
  const add = make('button', { type: 'button', id: 'trigger-add', textContent: `Добавить: ${named(manifest.dp.title)}` });
  const list = make('ul', { id: 'triggers' });
  const place = make('div');
  const show = ({ triggers }) => list.replaceChildren(...triggers.map((each) => make('li', { textContent: `${stages.querySelector(`[value="${each.pipeline_id}:${each.status_id}"]`).textContent} → ${each.settings.action}` })));
  work.replaceChildren(make('h1', { textContent: 'Автоматизация воронки' }), labelled('Этап', stages), add, place, list);
  show(await ask('triggers'));
  add.onclick = () => {
    const inputs = Object.entries(manifest.dp.settings).map(([name, field]) => labelled(named(field.name), make('input', { name })));
    const done = make('button', { type: 'button', id: 'trigger-save', textContent: 'Готово' });
    place.replaceChildren(make('div', { className: 'digital-pipeline__short-task digital-pipeline__short-task_widget-style_priem' }, ...inputs, done));
    widget.callbacks.dpSettings();
    done.onclick = async () => {
      const [pipeline, status] = stages.value.split(':').map(Number);
      const settings = Object.fromEntries([...place.querySelectorAll('input[name]')].map((input) => [input.name, input.value]));
      show(await ask('triggers', { pipeline_id: pipeline, status_id: status, settings }));
      place.replaceChildren();
    };
  };
}
