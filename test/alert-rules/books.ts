/** The runbooks as they lie in the folder: headings, links, and the blocks of code somebody is to type at night. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const runbooks = resolve(import.meta.dirname, '../../alert-rules/runbooks')

export interface Block {
  readonly language: string
  /** Of its first line. */
  readonly line: number
  readonly text: string
}

export interface Book {
  /** Below the folder of runbooks. */
  readonly path: string
  readonly text: string
  readonly headings: readonly string[]
  readonly blocks: readonly Block[]
  /** Where it points to, other sites left out. */
  readonly links: readonly string[]
}

const FENCED = /^( *)```(\w*)\n(.*?)^\1```$/gms
const LINK = /\]\(([^)\s]+)\)/g

const blocksOf = (text: string): readonly Block[] =>
  [...text.matchAll(FENCED)].map(({ index, 2: language = '', 3: body = '' }) => ({
    language,
    line: text.slice(0, index).split('\n').length + 1,
    text: body,
  }))

export const bookOf = (path: string, text: string): Book => {
  const prose = text.replaceAll(FENCED, '')
  return {
    path,
    text,
    headings: prose.match(/^#+ .*$/gm) ?? [],
    blocks: blocksOf(text),
    links: [...prose.matchAll(LINK)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to)),
  }
}

export const books: readonly Book[] = readdirSync(runbooks, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .sort()
  .map((path) => bookOf(path, readFileSync(join(runbooks, path), 'utf8')))

/** Without the ending, of those directly in a folder: '' is the runbooks of alerts. */
export const namesIn = (folder: string): readonly string[] =>
  books
    .map(({ path }) => path)
    .filter((path) => path.slice(0, -'.md'.length).replace(/[^/]*$/, '') === (folder && `${folder}/`))
    .map((path) => path.replace(/^.*\//, '').slice(0, -'.md'.length))

export const blocksIn = (language: string): readonly (Block & { readonly at: string })[] =>
  books.flatMap(({ path, blocks }) =>
    blocks.filter((b) => b.language === language).map((b) => ({ ...b, at: `${path}:${b.line}` })),
  )

/** A line that begins with a blank, or closes a bracket, goes on with the one before. */
export const expressionsOf = ({ text }: Block): readonly string[] =>
  text
    .split(/\n(?![\s)])/)
    .map((expression) => expression.trim())
    .filter((expression) => expression !== '' && !expression.startsWith('#'))

/** Each ends with a semicolon; none of ours has one within quotes. */
export const statementsOf = ({ text }: Pick<Block, 'text'>): readonly string[] =>
  text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
