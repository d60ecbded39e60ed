using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

/// <summary>Behaviour of Windows, tested without Windows.</summary>
public sealed class PatientMoveTests
{
    private readonly List<TimeSpan> _pauses = [];

    [Theory]
    [InlineData(0)]
    [InlineData(0x80070020)] // ERROR_SHARING_VIOLATION
    [InlineData(0x80070021)] // ERROR_LOCK_VIOLATION
    public void A_file_briefly_held_by_another_program_is_waited_for(uint number)
    {
        Exception failure = number == 0 ? new UnauthorizedAccessException() : new IOException("held", (int)number);
        int tries = 0;
        PatientMove.Run(() => _ = ++tries < 4 ? throw failure : 0, 7, _pauses.Add);
        Assert.Equal(4, tries);
        Assert.Equal([10, 20, 40], _pauses.Select(pause => pause.TotalMilliseconds));
    }

    [Fact]
    public void A_file_that_stays_held_is_an_error_in_the_end()
    {
        int tries = 0;
        Assert.Throws<UnauthorizedAccessException>(() => PatientMove.Run(() => _ = ++tries > 0 ? throw new UnauthorizedAccessException() : 0, 7, _pauses.Add));
        Assert.Equal(7, tries);
        Assert.True(_pauses.Sum(pause => pause.TotalSeconds) < 1);
    }

    [Fact]
    public void A_permanent_failure_is_an_error_at_once()
    {
        Assert.Throws<IOException>(() => PatientMove.Run(() => throw new IOException("no room", unchecked((int)0x80070070)), 7, _pauses.Add));
        Assert.Empty(_pauses);
    }

    [Fact]
    public void A_file_replaces_another()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["new"], "new");
        File.WriteAllText(folder["old"], "old");
        Assert.ThrowsAny<IOException>(() => PatientMove.Run(folder["new"], folder["old"], overwrite: false));
        PatientMove.Run(folder["new"], folder["old"], overwrite: true);
        Assert.Equal("new", File.ReadAllText(folder["old"]));
    }
}
