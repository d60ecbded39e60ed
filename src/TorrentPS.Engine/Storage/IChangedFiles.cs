using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage;

/// <summary>The files of a torrent that other programs may change.</summary>
internal interface IChangedFiles
{
    /// <summary>Checks the last write times of the open files.</summary>
    void LookAtOpenFiles();

    /// <summary>The next file that another program has written, or that is doubtful for another reason; it is reopened, because it may have been replaced.</summary>
    bool TryTakeDoubtful(out int file);

    /// <summary>Reads one piece and compares it with its hash.</summary>
    /// <exception cref="TorrentException">The piece could not be read (AccessDenied, UnsafePath).</exception>
    bool IsStillRight(int piece);

    /// <summary>Whether another program is known to have written a file.</summary>
    bool IsTouched(int file);

    /// <summary>Records that another program has written a file, so that it is verified at the end.</summary>
    void Touch(int file);

    /// <summary>The same, and verifies it soon.</summary>
    void Doubt(int file);

    /// <summary>The whole file was verified, without errors.</summary>
    void Trust(int file);

    /// <summary>Why a file could not be read; null if it could.</summary>
    TorrentException? ReadFailure(int file);

    /// <summary>
    /// The wanted files that a piece overlaps: those that could not be read; otherwise those that are missing or too short; otherwise those that another program has
    /// written, if any.
    /// </summary>
    List<int> FilesBehind(int piece);

    /// <summary>The path of a file.</summary>
    string PathOnDisk(int file);

    /// <summary>Describes the change of a file.</summary>
    string DescribeChange(int file);
}
