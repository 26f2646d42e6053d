// @scalar/mock-server as its own documentation starts it: node scalar.mjs DOCUMENT PORT FOLDER
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [path, port, folder] = process.argv.slice(2)
const installed = createRequire(folder + '/') // where npm put them
const load = (name) => import(pathToFileURL(installed.resolve(name)))
const { createMockServer } = await load('@scalar/mock-server')
const { serve } = await load('@hono/node-server')

const text = readFileSync(path, 'utf8')
const app = await createMockServer({ document: text, specification: text }) // older versions know it by the second name
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
