// orval's client of fetch. List, create, complete; the run then completes by itself.
import { createProcessRun, getProcessRun, listProcessTemplates, listRunTasks, updateRunTask } from './client/api';
import { bearer as headers, check } from './entry';

async function main(): Promise<void> {
  const templates = await listProcessTemplates({}, { headers });
  check(templates.status === 200, templates);
  const template = templates.data.data.find((one) => one.is_published);
  check(template !== undefined, 'no template is published');
  const made = await createProcessRun({ template_id: template.id, name: 'Generated' }, { headers });
  check(made.status === 201 && made.data.data.status === 'active', made);
  const id = made.data.data.id;
  const tasks = await listRunTasks(id, {}, { headers });
  check(tasks.status === 200, tasks);
  for (const task of tasks.data.data) {
    const done = await updateRunTask(id, task.id, { completed: true }, { headers });
    check(done.status === 200 && done.data.data.completed, done);
  }
  const run = await getProcessRun(id, { headers });
  check(run.status === 200 && run.data.data.status === 'completed', run);
}

void main();
