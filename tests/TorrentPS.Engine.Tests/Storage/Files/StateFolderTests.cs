using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage.Files;

public sealed class StateFolderTests
{
    [Fact]
    public void The_folder_that_the_user_gives_comes_first_and_becomes_a_full_path()
    {
        string chosen = Path.GetFullPath("chosen");
        Assert.Equal(chosen, Of(("TORRENTPS_STATE", chosen), ("XDG_STATE_HOME", Path.GetFullPath("xdg"))));
        Assert.Equal(chosen, Of(("TORRENTPS_STATE", "chosen")));
    }

    [Fact]
    public void On_Unix_it_follows_the_XDG_specification()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "The system has a place of its own.");
        string home = Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "torrentps");
        Assert.Equal("/xdg/torrentps", Of(("XDG_STATE_HOME", "/xdg"), ("TORRENTPS_STATE", "")));
        Assert.Equal(home, Of(("XDG_STATE_HOME", "relative")));
        Assert.Equal(home, Of(("XDG_STATE_HOME", "")));
        Assert.Equal(home, Of());
    }

    [Fact]
    public void On_Windows_and_macOS_it_is_below_the_local_application_data()
    {
        Assert.SkipUnless(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "XDG has it elsewhere.");
        string data = Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "TorrentPS");
        Assert.Equal(data, Of(("XDG_STATE_HOME", Path.GetFullPath("xdg"))));
    }

    private static string? Of(params (string Name, string Value)[] variables) =>
        StateFolder.OfUser(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
