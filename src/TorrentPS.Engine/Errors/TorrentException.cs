using TorrentPS.Engine.Display;

namespace TorrentPS.Engine.Errors;

/// <summary>The exception that the engine throws for bad input and for failures of peers, trackers and disks.</summary>
public class TorrentException : Exception
{
    /// <summary>Creates an exception.</summary>
    /// <param name="errorId">The identifier of the error.</param>
    /// <param name="message">What went wrong, where, and what to do about it. Unsafe characters are escaped.</param>
    /// <param name="innerException">The cause, if another exception caused it.</param>
    public TorrentException(TorrentErrorId errorId, string message, Exception? innerException = null)
        : base(SafeText.Escape(message), innerException) => ErrorId = errorId;

    /// <summary>The identifier of the error.</summary>
    public TorrentErrorId ErrorId { get; }
}
