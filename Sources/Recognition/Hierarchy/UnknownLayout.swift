internal import DynamicModels
internal import TensorCore

/// Where the unknowns of a hierarchy stand: level by level, states before causes, order by order.
///
///     u = [x̃⁽¹⁾ ṽ⁽¹⁾ x̃⁽²⁾ ṽ⁽²⁾ …],   x̃ = [x x′ x″ …]        (mathematics §1, §2)
///
/// A level's errors hold its own unknowns and the causes of the level below only, so that the
/// curvature of the energy is a chain of blocks in this order.
struct UnknownLayout {
  let stateOrder: Int
  let causeOrder: Int
  /// Per level below the prior: hidden states, causes.
  let stateCounts: [Int]
  let causeCounts: [Int]
  /// Where every level starts, and n_u.
  let bases: [Int]
  /// The shape of the curvature: a block per level, or a single one.
  let chain: BlockChain

  /// n_u.
  var count: Int { bases[stateCounts.count] }
  /// The number of levels below the prior on causes.
  var depth: Int { stateCounts.count }

  /// Below so many unknowns a dense matrix is as fast as a chain of blocks.
  static let denseLimit = 32

  /// Lays out the unknowns of a model; `isDense` keeps the curvature in one block.
  init(_ model: HierarchicalDynamicModel, isDense: Bool) {
    let levels = model.levels.dropLast()
    stateOrder = model.stateOrder
    causeOrder = model.causeOrder
    stateCounts = levels.map(\.states.count)
    causeCounts = levels.map(\.causes.count)
    var bases = [0]
    var sizes: [Int] = []
    var couplings: [Range<Int>] = []
    for (index, level) in levels.enumerated() {
      let below = index > 0 ? sizes[index - 1] : 0
      let causesBelow = index > 0 ? causeOrder * causeCounts[index - 1] : 0
      couplings.append((below - causesBelow)..<below)
      sizes.append(stateOrder * level.states.count + causeOrder * level.causes.count)
      bases.append(bases[index] + sizes[index])
    }
    self.bases = bases
    let total = bases[bases.count - 1]
    chain =
      isDense || sizes.count < 2 || total < Self.denseLimit
      ? BlockChain(dense: total) : BlockChain(sizes: sizes, couplings: couplings)
  }

  /// The place of a state of a level (from 0) at an order.
  func state(_ level: Int, _ order: Int, _ entry: Int) -> Int {
    bases[level] + order * stateCounts[level] + entry
  }

  /// The place of a cause of a level (from 0) at an order.
  func cause(_ level: Int, _ order: Int, _ entry: Int) -> Int {
    bases[level] + stateOrder * stateCounts[level] + order * causeCounts[level] + entry
  }

  /// Level, whether it is a state, order and entry of an unknown.
  func description(of index: Int) -> (level: Int, isState: Bool, order: Int, entry: Int) {
    var level = 0
    while level + 1 < depth && index >= bases[level + 1] { level += 1 }
    let inside = index - bases[level]
    let states = stateOrder * stateCounts[level]
    if inside < states {
      return (level, true, inside / stateCounts[level], inside % stateCounts[level])
    }
    let place = inside - states
    return (level, false, place / causeCounts[level], place % causeCounts[level])
  }
}
