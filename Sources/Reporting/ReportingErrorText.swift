internal import Foundation
internal import NetCDFFiles

extension ReportingError {
  /// The error as a person reads it, with what to do about it.
  public func text(in language: ReportLanguage) -> String {
    switch self {
    case .cannotWrite(let path, let failure):
      let reason = failure.text(in: language)
      return language.pick(
        "cannot write '\(path)': \(reason)", "「\(path)」に書き込めません: \(reason)")
    case .unknownExtension(let path, let allowed):
      let list = allowed.map { "." + $0 }
      return language.pick(
        "cannot tell the format of '\(path)': the name must end in \(Self.join(list, "or"))",
        "「\(path)」の形式が分かりません。ファイル名の末尾を \(list.joined(separator: "、")) のいずれかにしてください")
    case .gnuplotMissing(let executable):
      return language.pick(
        """
        gnuplot, which draws the figures, was not found ('\(executable)'); \
        install it with: sudo apt-get install gnuplot-nox fonts-noto-cjk
        """,
        """
        図を描く gnuplot が見つかりません（'\(executable)'）。次のコマンドで導入できます: \
        sudo apt-get install gnuplot-nox fonts-noto-cjk
        """)
    case .gnuplotFailed(let status, let message):
      let detail = message.isEmpty ? "" : ": \(message)"
      return language.pick(
        "gnuplot stopped with status \(status)\(detail)",
        "gnuplot が終了コード \(status) で停止しました\(detail)")
    }
  }

  /// Joins names as an English sentence does: `a, b or c`.
  private static func join(_ names: [String], _ word: String) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(word) \(last)"
  }
}

extension WriteFailure {
  /// The reason as a clause without a full stop.
  func text(in language: ReportLanguage) -> String {
    switch self {
    case .missingFolder(let folder):
      language.pick(
        "the folder '\(folder)' does not exist", "フォルダ「\(folder)」がありません")
    case .notAFolder(let folder):
      language.pick("'\(folder)' is not a folder", "「\(folder)」はフォルダではありません")
    case .isFolder:
      language.pick("it is a folder", "フォルダの名前です")
    case .permissionDenied:
      language.pick("permission denied", "書き込みの権限がありません")
    case .readOnlyFileSystem:
      language.pick("the file system is read-only", "読み取り専用のファイルシステムです")
    case .noSpace:
      language.pick("no space left on the device", "ディスクの空き容量がありません")
    case .nameTooLong:
      language.pick("the name is too long", "名前が長すぎます")
    case .emptyPath:
      language.pick("the name is empty", "名前が空です")
    case .netCDF(let code):
      language.pick(
        "the NetCDF library reports: \(NetCDFFailure(code: code).message) (error \(code))",
        "NetCDF ライブラリのエラー \(code)（\(NetCDFFailure(code: code).message)）")
    case .system(let code):
      language.pick(
        "\(unsafe String(cString: strerror(code))) (error \(code))",
        "システムのエラー \(code)（\(unsafe String(cString: strerror(code)))）")
    }
  }
}
